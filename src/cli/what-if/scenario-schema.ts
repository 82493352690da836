/** The scenario file as people write it: its schema, an example, and what is wrong with one, each with what would be right. */
import {
  PodTemplateSpec,
  strictObject,
  StringMap,
  Type,
  validator,
  type FieldError,
  type Static,
  type TSchema,
} from '../../../machines/index.ts';

/** A quantity as YAML may have it: `500m`, `"2"`, `2`. */
const Quantity = Type.Unsafe<string | number>({ type: ['string', 'number'] });
const Text = Type.String({ minLength: 1 });
const Namespace = Type.Optional(Text);
const Nodes = Type.Array(Text, { minItems: 1 });

/** Replicas and nodes of one step: far above any cell, so that a typing error does not fill the memory. */
const COUNT_MAX = 100_000;

const StepFile = strictObject({
  drain: Type.Optional(strictObject({ nodes: Nodes, force: Type.Optional(Type.Boolean()) })),
  lose: Type.Optional(strictObject({ nodes: Nodes })),
  cordon: Type.Optional(strictObject({ nodes: Nodes })),
  uncordon: Type.Optional(strictObject({ nodes: Nodes })),
  removeNodes: Type.Optional(strictObject({ nodes: Nodes })),
  addNodes: Type.Optional(
    strictObject({
      count: Type.Integer({ minimum: 1, maximum: COUNT_MAX }),
      /** The shape of an existing node; otherwise cpu and memory say it. */
      like: Type.Optional(Text),
      cpu: Type.Optional(Quantity),
      memory: Type.Optional(Quantity),
      pods: Type.Optional(Quantity),
      labels: Type.Optional(StringMap),
      prefix: Type.Optional(Text),
    }),
  ),
  scale: Type.Optional(
    strictObject({ object: Text, replicas: Type.Integer({ minimum: 0, maximum: COUNT_MAX }), namespace: Namespace }),
  ),
  apply: Type.Optional(
    strictObject({
      files: Type.Optional(Type.Array(Text, { minItems: 1 })),
      manifests: Type.Optional(Type.Array(Type.Unknown(), { minItems: 1 })),
      namespace: Namespace,
    }),
  ),
  delete: Type.Optional(strictObject({ objects: Type.Array(Text, { minItems: 1 }), namespace: Namespace })),
  fit: Type.Optional(
    strictObject({
      /** The pods of an object with a template, or an existing pod. */
      like: Type.Optional(Text),
      namespace: Namespace,
      cpu: Type.Optional(Quantity),
      memory: Type.Optional(Quantity),
      nodeSelector: Type.Optional(StringMap),
      template: Type.Optional(PodTemplateSpec),
    }),
  ),
});
export type StepFile = Static<typeof StepFile>;

const ScenarioFile = strictObject({ steps: Type.Array(StepFile, { minItems: 1 }) });
export type ScenarioFile = Static<typeof ScenarioFile>;

const scenarioValidator = validator(ScenarioFile);

export const EXAMPLE_SCENARIO = `steps:
  - drain: {nodes: [n1, n2]}              # force: true deletes pods without a controller, too
  - lose: {nodes: [n3]}                   # as if unreachable for longer than anybody tolerates
  - addNodes: {count: 2, like: n1}        # or cpu: 8, memory: 32Gi, pods: 110, labels: {disk: ssd}
  - scale: {object: rc/web, replicas: 40} # namespace: shop
  - apply: {files: [next-release.yaml]}   # beside this file; or manifests: [...]
  - delete: {objects: [rc/old]}
  - fit: {cpu: 500m, memory: 256Mi}       # how many more; or like: rc/web, or template: {...}
  - cordon: {nodes: [n4]}                 # also uncordon, removeNodes`;

/** The scenario, or sentences about what is wrong with it. */
export function checkScenario(
  content: unknown,
): { readonly scenario: ScenarioFile } | { readonly faults: readonly string[] } {
  if (!scenarioValidator.check(content)) return { faults: scenarioValidator.errors(content).map(sentence) };
  const faults = content.steps.flatMap((step, index) => actionFaults(step, index));
  return faults.length > 0 ? { faults } : { scenario: content };
}

function actionFaults(step: StepFile, index: number): readonly string[] {
  const actions = Object.keys(step);
  if (actions.length === 1) return [];
  const path = `steps[${index}]`;
  if (actions.length > 1) return [`${path} has several actions (${actions.join(', ')}): make each a step of its own`];
  return [`${path} is empty: give it one of ${knownFields(path)}`];
}

function sentence({ type, field, message }: FieldError): string {
  if (type === 'FieldValueUnknown') return `${message}; known here: ${knownFields(parentOf(field))}`;
  const said = `${field === '' ? 'the scenario' : field}: ${message}`;
  if (type === 'FieldValueRequired' || message.endsWith('must be object'))
    return `${said}; a scenario has "steps", each with one of ${knownFields('steps[0]')}`;
  return said;
}

function parentOf(field: string): string {
  return field.slice(0, Math.max(0, field.lastIndexOf('.')));
}

interface Shape {
  readonly properties?: Readonly<Record<string, TSchema & Shape>>;
  readonly items?: TSchema & Shape;
}

/** The fields there are at a path such as `steps[0].drain`. */
function knownFields(path: string): string {
  let shape: Shape | undefined = ScenarioFile as Shape;
  for (const [token] of path.matchAll(/[^.[\]]+/g)) shape = shape?.items ?? shape?.properties?.[token];
  return Object.keys(shape?.properties ?? {}).join(', ') || 'nothing';
}
