/** Keeps a refusal to what people read: a manifest of garbage can have more wrong with it than an entry, or a memory of refusals, has room for. */
import type { FieldError, Refusal } from '../../machines/index.ts';

/** Longest sentence of a refusal, characters: some twenty faults. */
const MESSAGE_MAX_LENGTH = 2_048;
/** Longest name or sentence of one fault, characters. */
const FAULT_TEXT_MAX_LENGTH = 512;
/** Most faults that are listed. */
const FAULTS_MAX = 16;

/** The same refusal, cut where it is longer than the limits, saying so. */
export function boundedRefusal(refusal: Refusal): Refusal {
  const message = cut(refusal.message, MESSAGE_MAX_LENGTH);
  if (!('causes' in refusal)) return { ...refusal, message };
  return { ...refusal, message, causes: refusal.causes.slice(0, FAULTS_MAX).map(boundedFault) };
}

function boundedFault({ type, field, message }: FieldError): FieldError {
  return { type, field: cut(field, FAULT_TEXT_MAX_LENGTH), message: cut(message, FAULT_TEXT_MAX_LENGTH) };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}... (${text.length - length} more characters)`;
}
