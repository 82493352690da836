/** Makes the images that history wants: from the records of the entries just sent where they are at hand, else from what is recorded. */
import type { Clock } from '../../foundation/clock.ts';
import type { Image, WantedImage } from './message.ts';
import type { WaitingEntry } from './waiting-entries.ts';

/** Images folded before others get their turn: each is a few hundred microseconds of the main thread. */
export const IMAGES_AT_ONCE = 8;

export interface ImageSource {
  readonly clock: Clock;
  /** What was sent with the message that brought up the wish. */
  readonly sent: readonly WaitingEntry[];
  /** The record of an object as JSON, from what is recorded; undefined where it cannot be had. */
  imageOf(wanted: WantedImage): string | undefined;
}

/** The images, as far as they can be had; none any more once the signal is aborted. */
export async function makeImages(
  wanted: readonly WantedImage[],
  { clock, sent, imageOf }: ImageSource,
  signal: AbortSignal,
): Promise<readonly Image[]> {
  const images: Image[] = [];
  let folded = 0;
  for (const image of wanted) {
    let text = textAtHand(sent, image);
    if (text === undefined) {
      if (++folded % IMAGES_AT_ONCE === 0) await clock.sleep(0);
      if (signal.aborted) return images;
      text = imageOf(image);
    }
    if (text !== undefined) images.push({ ...image, text });
  }
  return images;
}

function textAtHand(sent: readonly WaitingEntry[], { revision }: WantedImage): string | undefined {
  for (const { changes = [] } of sent) {
    const first = changes[0]?.commit.revision ?? Infinity;
    const after = changes[revision - first]?.after;
    if (after !== undefined) return JSON.stringify(after);
  }
  return undefined;
}
