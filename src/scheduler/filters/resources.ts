/** What the pod requests must still be free: a pod's place, CPU, memory. */
import { canonicalQuantity } from '../../../machines/index.ts';
import type { Filter, Objection } from './index.ts';

export const resources: Filter = ({ requests }, { offers, pods, requested }) => {
  const { cpuMillis, memoryBytes } = requests;
  const found: Objection[] = [];
  if (pods + 1 > offers.pods)
    found.push({ reason: 'Too many pods', brief: 'is full', detail: () => `${pods} of ${offers.pods} pods are there` });
  if (cpuMillis > 0 && requested.cpuMillis + cpuMillis > offers.cpuMillis)
    found.push(lacking('cpu', { asked: cpuMillis, taken: requested.cpuMillis, offered: offers.cpuMillis }, cpuText));
  if (memoryBytes > 0 && requested.memoryBytes + memoryBytes > offers.memoryBytes) {
    const amounts = { asked: memoryBytes, taken: requested.memoryBytes, offered: offers.memoryBytes };
    found.push(lacking('memory', amounts, memoryText));
  }
  return found;
};

interface Amounts {
  readonly asked: number;
  readonly taken: number;
  readonly offered: number;
}

type Rounding = typeof Math.ceil;

function lacking(
  what: string,
  { asked, taken, offered }: Amounts,
  text: (amount: number, round: Rounding) => string,
): Objection {
  const detail = () => {
    const free = text(Math.max(0, offered - taken), Math.floor);
    return `${what}: ${text(asked, Math.ceil)} asked, ${free} of ${text(offered, Math.floor)} free`;
  };
  return { reason: `Insufficient ${what}`, brief: `lacks ${what}`, detail };
}

function cpuText(millis: number): string {
  return canonicalQuantity(`${millis}m`);
}

const MEBIBYTE = 1024 * 1024;

/** In whole mebibytes, which is what people compare; less than one to the byte. */
function memoryText(bytes: number, round: Rounding): string {
  if (bytes < MEBIBYTE) return canonicalQuantity(String(bytes));
  return canonicalQuantity(`${round(bytes / MEBIBYTE)}Mi`);
}
