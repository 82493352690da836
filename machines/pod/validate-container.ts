/** What Kubernetes refuses in a container, in its words. */
import { nameError } from '../metadata.ts';
import { compareQuantities, quantityError } from '../quantity.ts';
import type { FieldError } from '../refusal.ts';
import type { ContainerManifest } from './container-manifest.ts';
import { duplicates, invalid, notFound, required } from './field-error.ts';
import { portErrors } from './validate-ports.ts';

const ENVIRONMENT_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const ENVIRONMENT_NAME_RULE =
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** What is wrong with one container; names that clash with other containers' are told by the pod. */
export function containerErrors(
  container: ContainerManifest,
  field: string,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  return [
    ...nameErrors(container.name, `${field}.name`),
    ...imageErrors(container.image, `${field}.image`),
    ...portErrors(container.ports ?? [], `${field}.ports`),
    ...environmentErrors(container.env ?? [], `${field}.env`),
    ...resourceErrors(container.resources ?? {}, `${field}.resources`),
    ...mountErrors(container.volumeMounts ?? [], `${field}.volumeMounts`, volumes),
  ];
}

/** A name that must be there and be a DNS label. */
export function nameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  const error = nameError(name, 'label');
  return error === undefined ? [] : [invalid(field, name, error)];
}

function imageErrors(image: string | undefined, field: string): FieldError[] {
  if (image === undefined || image === '') return [required(field)];
  return image === image.trim() ? [] : [invalid(field, image, 'must not have leading or trailing whitespace')];
}

function environmentErrors(variables: NonNullable<ContainerManifest['env']>, field: string): FieldError[] {
  return variables.flatMap(({ name }, index) => {
    const path = `${field}[${index}].name`;
    if (name === '') return [required(path)];
    return ENVIRONMENT_NAME.test(name) ? [] : [invalid(path, name, ENVIRONMENT_NAME_RULE)];
  });
}

type Resources = NonNullable<ContainerManifest['resources']>;
const RESOURCES = ['cpu', 'memory'] as const;

function resourceErrors(resources: Resources, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const part of ['limits', 'requests'] as const) {
    for (const resource of RESOURCES) {
      const quantity = resources[part]?.[resource];
      if (quantity !== undefined) errors.push(...quantityErrors(String(quantity), `${field}.${part}.${resource}`));
    }
  }
  return errors.length > 0 ? errors : limitErrors(resources, field);
}

function quantityErrors(quantity: string, field: string): FieldError[] {
  const message = quantityError(quantity);
  if (message !== undefined) return [{ type: 'FieldValueInvalid', field, message }];
  if (compareQuantities(quantity, '0') < 0) return [invalid(field, quantity, 'must be greater than or equal to 0')];
  return [];
}

function limitErrors({ limits, requests }: Resources, field: string): FieldError[] {
  return RESOURCES.flatMap((resource) => {
    const limit = limits?.[resource];
    const request = requests?.[resource];
    if (limit === undefined || request === undefined) return [];
    if (compareQuantities(String(request), String(limit)) <= 0) return [];
    const detail = `must be less than or equal to ${resource} limit of ${limit}`;
    return [invalid(`${field}.requests`, String(request), detail)];
  });
}

type Mounts = NonNullable<ContainerManifest['volumeMounts']>;

function mountErrors(mounts: Mounts, field: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors = mounts.flatMap(({ name, mountPath }, index) => {
    const path = `${field}[${index}]`;
    const found: FieldError[] = [];
    if (name === '') found.push(required(`${path}.name`));
    else if (!volumes.has(name)) found.push(notFound(`${path}.name`, name));
    if (mountPath === '') found.push(required(`${path}.mountPath`));
    else if (mountPath.includes(':')) found.push(invalid(`${path}.mountPath`, mountPath, "must not contain ':'"));
    return found;
  });
  const paths = mounts.map(({ mountPath }) => mountPath);
  const clashes = duplicates(paths, (index) => `${field}[${index}].mountPath`);
  return [...errors, ...clashes.map(({ field: path, message }) => mustBeUnique(path, message))];
}

function mustBeUnique(field: string, message: string): FieldError {
  const value = message.replace('Duplicate value: ', '');
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${value}: must be unique` };
}
