/** What a new lineage is called. */
import type { Identifiers } from '../foundation/identifiers.ts';

/** One above all there are, and unlike any that a lost store may have had. */
export function nextLineageName(lineages: readonly string[], identifiers: Identifiers): string {
  const numbers = lineages.map((name) => Number.parseInt(name));
  return `${Math.max(...numbers) + 1}-${identifiers.suffix()}`;
}
