/** Reads a scenario's file: names resolved to kinds, manifests read in, every fault with its place in the file. */
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { DEFAULT_MAX_PODS, quantityError, type ObjectKey, type StringMap } from '../../../machines/index.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import type { NodeShape, PodShape, Scenario, Step } from '../../simulator/what-if/scenario.ts';
import { CommandFailure } from '../exit-codes.ts';
import { manifestsIn, parseDocuments, readAll, readManifests, readText } from '../manifest-files.ts';
import { parseOne } from '../resources.ts';
import { checkScenario, EXAMPLE_SCENARIO, type ScenarioFile, type StepFile } from './scenario-schema.ts';

/** Faults shown at once: more help nobody. */
const FAULTS_MAX = 5;
const STANDARD_INPUT = '-';
const DEFAULT_PREFIX = 'what-if';

/** The file as messages name it. */
export function scenarioName(file: string): string {
  return file === STANDARD_INPUT ? 'standard input' : file;
}

/** Raises CommandFailure for a file that cannot be read or says what no scenario can. */
export async function readScenario(file: string, input: Readable): Promise<Scenario> {
  const text = file === STANDARD_INPUT ? await readAll(input) : readText(file);
  const shown = scenarioName(file);
  const contents = parseDocuments(shown, text);
  if (contents.length === 0)
    throw new CommandFailure(`${shown} is empty: a scenario looks like this:\n${EXAMPLE_SCENARIO}`);
  if (contents.length > 1)
    throw new CommandFailure(`${shown} holds ${contents.length} documents: a scenario is one, with all steps in it`);
  const checked = checkScenario(contents[0]);
  if ('faults' in checked)
    throw new CommandFailure(
      checked.faults
        .slice(0, FAULTS_MAX)
        .map((fault) => `${shown}: ${fault}`)
        .join('\n'),
    );
  const reader = new StepReader(file, input);
  return { steps: await readSteps(reader, checked.scenario) };
}

async function readSteps(reader: StepReader, { steps }: ScenarioFile): Promise<readonly Step[]> {
  const read: Step[] = [];
  for (const [index, step] of steps.entries()) read.push(await reader.read(step, `steps[${index}]`));
  return read;
}

type Fields<Action extends keyof StepFile> = NonNullable<StepFile[Action]>;

class StepReader {
  readonly #file: string;
  readonly #input: Readable;

  constructor(file: string, input: Readable) {
    this.#file = file;
    this.#input = input;
  }

  async read(step: StepFile, path: string): Promise<Step> {
    if (step.drain) return { do: 'drain', nodes: step.drain.nodes, force: step.drain.force ?? false };
    if (step.lose) return { do: 'lose', nodes: step.lose.nodes };
    for (const action of ['cordon', 'uncordon', 'removeNodes'] as const) {
      const fields = step[action];
      if (fields) return { do: action, nodes: fields.nodes };
    }
    if (step.addNodes) return this.#addNodes(step.addNodes, `${path}.addNodes`);
    if (step.scale) {
      const { object, replicas, namespace } = step.scale;
      return { do: 'scale', key: this.#key(object, namespace, `${path}.scale.object`), replicas };
    }
    if (step.apply) return this.#apply(step.apply, `${path}.apply`);
    if (step.delete) {
      const { objects, namespace } = step.delete;
      return {
        do: 'delete',
        keys: objects.map((object, index) => this.#key(object, namespace, `${path}.delete.objects[${index}]`)),
      };
    }
    if (step.fit) return { do: 'fit', shape: this.#podShape(step.fit, `${path}.fit`) };
    throw this.#fault(path, 'has no action');
  }

  #addNodes({ count, like, prefix = DEFAULT_PREFIX, ...given }: Fields<'addNodes'>, path: string): Step {
    if (like !== undefined) {
      if (Object.keys(given).length > 0) throw this.#fault(path, '"like" already says the shape: leave the rest out');
      return { do: 'addNodes', count, prefix, shape: { like } };
    }
    const { cpu, memory, pods = DEFAULT_MAX_PODS, labels = {} } = given;
    if (cpu === undefined || memory === undefined)
      throw this.#fault(path, 'say cpu and memory of the new nodes, or "like" an existing node');
    const quantities = { cpu: String(cpu), memory: String(memory), pods: String(pods) };
    this.#checkQuantities(quantities, path);
    const shape: NodeShape = { ...quantities, labels };
    return { do: 'addNodes', count, prefix, shape };
  }

  async #apply({ files = [], manifests = [], namespace }: Fields<'apply'>, path: string): Promise<Step> {
    if (files.length === 0 && manifests.length === 0) throw this.#fault(path, 'say "files" or "manifests"');
    const base = this.#file === STANDARD_INPUT ? '.' : dirname(this.#file);
    return this.#at(path, async () => {
      const read = await readManifests(
        files.map((file) => resolve(base, file)),
        this.#input,
        namespace,
      );
      const inline = manifests.flatMap((content, index) => manifestsIn(`manifests[${index}]`, content, namespace));
      return { do: 'apply', manifests: [...read, ...inline] };
    });
  }

  #podShape(given: Fields<'fit'>, path: string): Extract<Step, { readonly do: 'fit' }>['shape'] {
    const { like, namespace, template, cpu, memory, nodeSelector } = given;
    const ways = [like, template, cpu ?? memory].filter((way) => way !== undefined);
    if (ways.length !== 1) throw this.#fault(path, 'say one of: cpu and memory, "like" an object, or a "template"');
    if (like !== undefined) return { like: this.#key(like, namespace, `${path}.like`) };
    if (template !== undefined) return template;
    const requests = {
      ...(cpu === undefined ? {} : { cpu: String(cpu) }),
      ...(memory === undefined ? {} : { memory: String(memory) }),
    };
    this.#checkQuantities(requests, path);
    return podOf(requests, nodeSelector);
  }

  #checkQuantities(quantities: Readonly<Record<string, string>>, path: string): void {
    for (const [field, quantity] of Object.entries(quantities)) {
      const wrong =
        quantityError(quantity) ??
        (quantity.startsWith('-') ? `Invalid value: ${quantity}: must not be negative` : undefined);
      if (wrong !== undefined) throw this.#fault(`${path}.${field}`, wrong);
    }
  }

  #key(object: string, namespace: string | undefined, path: string): ObjectKey {
    return this.#at(path, () => {
      const { kind, name } = parseOne([object]);
      const where = namespace === undefined ? {} : { namespace };
      return { kind: kind.kind, namespace: namespaceOf(kind.kind, where), name };
    });
  }

  /** Adds to a failure where in the file its cause is. */
  #at<Result>(path: string, read: () => Promise<Result>): Promise<Result>;
  #at<Result>(path: string, read: () => Result): Result;
  #at<Result>(path: string, read: () => Result | Promise<Result>): Result | Promise<Result> {
    const placed = (error: unknown) => (error instanceof CommandFailure ? this.#fault(path, error.message) : error);
    try {
      const result = read();
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw placed(error);
      });
    } catch (error) {
      throw placed(error);
    }
  }

  #fault(path: string, what: string): CommandFailure {
    return new CommandFailure(`${scenarioName(this.#file)}: ${path}: ${what}`);
  }
}

function podOf(requests: Readonly<Record<string, string>>, nodeSelector: StringMap | undefined): PodShape {
  const container = { name: 'main', image: 'what-if', resources: { requests } };
  return { spec: { containers: [container], ...(nodeSelector ? { nodeSelector } : {}) } };
}
