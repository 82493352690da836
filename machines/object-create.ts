/** Decides creations: name, namespace, rules of the kind, metadata that the cluster fills in. */
import type { Decision, DecideInput } from './kind.ts';
import {
  isBeingDeleted,
  nameError,
  timestamp,
  validateMetadata,
  type MetadataManifest,
  type ObjectMeta,
} from './metadata.ts';
import { eventVersion, userMetadata, type AnyManifest, type ObjectRules } from './object-rules.ts';
import { refuse, type FieldError, type Refusal } from './refusal.ts';
import type { ObjectContext } from './view.ts';

/** Kubernetes tries a generated name eight times (KEP-4420). */
const GENERATE_NAME_ATTEMPTS = 8;

/** The part of an input that naming looks at, whatever the kind's context. */
type NamingInput = Pick<DecideInput<ObjectContext, unknown>, 'kind' | 'command' | 'view' | 'newSuffix'>;

/** Decides a creation; exported for kinds whose other verbs create too (a node registering itself). */
export function decideCreate<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, unknown>,
  given: AnyManifest,
): Decision {
  const { kind, command } = input;
  const named = chooseName(input, given.metadata);
  if ('refusal' in named) return named;
  const { name } = named;
  const manifest = rules.complete?.(given, name) ?? given;
  const refusal = refuseNamespace(input) ?? (input.current ? refuse.alreadyExists(kind, name) : undefined);
  if (refusal) return { refusal };
  if (manifest.metadata.resourceVersion) {
    return { refusal: refuse.badRequest('resourceVersion should not be set on objects to be created') };
  }
  const nameFault = nameError(name, kind.nameRule);
  const errors: FieldError[] = nameFault
    ? [
        {
          type: 'FieldValueInvalid',
          field: 'metadata.name',
          message: `Invalid value: ${JSON.stringify(name)}: ${nameFault}`,
        },
      ]
    : [];
  const prepared = rules.prepare(manifest, input);
  errors.push(...validateMetadata(manifest.metadata), ...('errors' in prepared ? prepared.errors : []));
  if (errors.length > 0 || 'errors' in prepared) return { refusal: refuse.invalid(kind, name, errors) };
  const metadata = newMetadata(rules, input, manifest.metadata, name);
  const denied = rules.admit?.(prepared.parts, metadata, input);
  if (denied) return { refusal: denied };
  const data = { object: { metadata, ...prepared.parts } };
  return {
    events: [{ type: `${rules.prefix}Created`, version: eventVersion(kind, `${rules.prefix}Created`), data }],
    ...(command.name === '' ? { name } : {}),
  };
}

function chooseName(
  input: NamingInput,
  metadata: MetadataManifest,
): { readonly name: string } | { readonly refusal: Refusal } {
  const { kind, command, view } = input;
  const fields = [
    { field: 'name', given: metadata.name, wanted: command.name },
    { field: 'namespace', given: metadata.namespace, wanted: command.namespace },
  ];
  for (const { field, given, wanted } of fields) {
    if (given !== undefined && wanted !== '' && given !== wanted) {
      return {
        refusal: refuse.badRequest(
          `the ${field} of the provided object does not match the ${field} sent on the request`,
        ),
      };
    }
  }
  const name = command.name || metadata.name;
  if (name) return { name };
  if (!metadata.generateName) {
    const message = 'Required value: name or generateName is required';
    return { refusal: refuse.invalid(kind, '', [{ type: 'FieldValueRequired', field: 'metadata.name', message }]) };
  }
  for (let attempt = 0; attempt < GENERATE_NAME_ATTEMPTS; attempt++) {
    const candidate = metadata.generateName + input.newSuffix();
    if (!view.get(command.kind, command.namespace, candidate)) return { name: candidate };
  }
  return { refusal: refuse.alreadyExists(kind, metadata.generateName) };
}

function refuseNamespace(input: NamingInput): Refusal | undefined {
  const { kind, command, view } = input;
  if (!kind.namespaced) {
    return command.namespace === ''
      ? undefined
      : refuse.badRequest(`${kind.kind} has no namespace: it is of cluster scope`);
  }
  if (command.namespace === '') return refuse.badRequest(`${kind.kind} needs a namespace`);
  const namespace = view.get('Namespace', '', command.namespace);
  if (namespace === undefined) {
    return refuse.notFound({ kind: 'Namespace', plural: 'namespaces', group: '' }, command.namespace);
  }
  if (isBeingDeleted(namespace.context.metadata)) {
    return refuse.forbidden(
      kind,
      command.name,
      `unable to create new content in namespace ${command.namespace} because it is being terminated`,
    );
  }
  return undefined;
}

function newMetadata<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, unknown>,
  manifest: MetadataManifest,
  name: string,
): ObjectMeta {
  return {
    name,
    ...(manifest.generateName ? { generateName: manifest.generateName } : {}),
    ...(input.kind.namespaced ? { namespace: input.command.namespace } : {}),
    uid: input.newUid(),
    ...(rules.desired.length > 0 ? { generation: 1 } : {}),
    creationTimestamp: timestamp(input.now),
    ...userMetadata(manifest),
  };
}
