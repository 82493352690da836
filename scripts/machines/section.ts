/** The part of ARCHITECTURE.md that shows the machines, between two markers. */
import { listMachines, type ListedMachine } from '../../test/support/machines.ts';
import { stateDiagram } from './mermaid.ts';

export const BEGIN = '<!-- machines:begin -->';
export const END = '<!-- machines:end -->';

/** The page with its pictures drawn anew; everything outside the markers stays as it is. Raises Error where they are missing. */
export function withMachines(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines ${BEGIN} and ${END}, in this order`);
  const diagrams = listMachines().map(drawn).join('\n\n');
  const note = '<!-- Drawn by scripts/draw-machines from machines/; do not edit. -->';
  return `${page.slice(0, begin)}${BEGIN}\n${note}\n\n${diagrams}\n\n${page.slice(end)}`;
}

/** Kinds that share a machine share its picture. */
function drawn({ machine, kinds }: ListedMachine): string {
  const names = kinds.map(({ kind }) => kind).join(', ');
  const title = names === '' ? `${machine.id.slice(0, 1).toUpperCase()}${machine.id.slice(1)}, inside a pod` : names;
  return `### ${title}\n\n\`\`\`mermaid\n${stateDiagram(machine)}\n\`\`\``;
}
