/** What is wrong with a message, as a sentence. */
import type { FieldError } from '../../machines/index.ts';

/** Faults named in one sentence: more help nobody. */
const FAULTS_MAX = 5;

export function describeFaults(faults: readonly FieldError[]): string {
  const sentences = faults.map(({ type, field, message }) =>
    // An unknown field's message names it already.
    field === '' || type === 'FieldValueUnknown' ? message : `${field}: ${message}`,
  );
  return sentences.slice(0, FAULTS_MAX).join(', ');
}
