/** Reads the engine's streams of JSON lines: events and the progress of pulls. */

/** A line is at most this long; an event or progress report has some hundred bytes, anything else is not our protocol. */
const LINE_LENGTH_MAX = 1_048_576;

/** @throws SyntaxError for a line that is not JSON, RangeError for an endless one, and whatever the stream fails with */
export async function* readJsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LENGTH_MAX) throw new RangeError(`a line of more than ${LINE_LENGTH_MAX} characters`);
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}
