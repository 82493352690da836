/** The verbs every kind has: create, replace, patch, delete. A kind gives its rules; the flow around them is written once. */
import { refuseArguments } from './decide.ts';
import type { DecideInput, Kind, Verb } from './kind.ts';
import { verb } from './kind.ts';
import { applyMergePatch } from './merge-patch.ts';
import { decideChange } from './object-change.ts';
import { decideCreate } from './object-create.ts';
import { decideDelete, DeleteArguments } from './object-delete.ts';
import { currentOf, type AnyManifest, type ObjectRules } from './object-rules.ts';
import { strictObject, Type, validator, type TSchema } from './schema.ts';
import type { ObjectContext, ObjectRecord } from './view.ts';

/** The common verbs under a kind's rules. `createArguments` may add arguments to `create` beside `manifest`. */
export function objectVerbs<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  createArguments: Record<string, TSchema> = {},
): Record<'create' | 'replace' | 'patch' | 'delete', Verb> {
  const manifestOnly = strictObject({ manifest: rules.manifest });
  const manifestValidator = validator(rules.manifest);
  return {
    create: verb<Context, TSchema>(
      strictObject({ manifest: rules.manifest, ...createArguments }),
      (input) => decideCreate(rules, input, manifestOf(input)),
      { creates: true },
    ),
    replace: verb<Context, TSchema>(manifestOnly, (input) => decideChange(rules, input, manifestOf(input))),
    patch: verb(strictObject({ patch: Type.Record(Type.String(), Type.Unknown()) }), (input) => {
      const patched = applyMergePatch(editable(input.kind, currentOf(input)), input.arguments.patch);
      if (!manifestValidator.check(patched)) {
        return { refusal: refuseArguments(input.kind, input.command.name, manifestValidator.errors(patched)) };
      }
      return decideChange(rules, input as DecideInput<Context, unknown>, patched as AnyManifest);
    }),
    delete: verb<Context, typeof DeleteArguments>(DeleteArguments, (input) => decideDelete(rules, input)),
  };
}

function manifestOf(input: { readonly arguments: unknown }): AnyManifest {
  return (input.arguments as { readonly manifest: AnyManifest }).manifest;
}

/** The current object as a user would write it, for patches to apply to. */
function editable(kind: Kind, record: ObjectRecord): Record<string, unknown> {
  const context = record.context as unknown as Record<string, unknown>;
  const manifest: Record<string, unknown> = { metadata: record.context.metadata };
  for (const part of kind.parts) if (context[part] !== undefined) manifest[part] = context[part];
  return manifest;
}
