/** What Kubernetes refuses in a pod's spec, in its words. */
import { qualifiedNameError, validateLabels } from '../labels.ts';
import { nameError } from '../metadata.ts';
import type { FieldError } from '../refusal.ts';
import { duplicates, forbidden, invalid, required } from './field-error.ts';
import type { PodSpecManifest, Toleration } from './manifest.ts';
import { containerErrors, nameErrors } from './validate-container.ts';
import { hostPortErrors } from './validate-ports.ts';

/** What is wrong with a spec; `field` is where it stands (`spec`, `spec.template.spec`). */
export function specErrors(spec: PodSpecManifest, field: string): readonly FieldError[] {
  const { containers, volumes = [] } = spec;
  const volumeNames = new Set(volumes.map(({ name }) => name));
  const names = containers.map(({ name }) => name);
  return [
    ...volumeErrors(volumes, `${field}.volumes`),
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((container, index) =>
      containerErrors(container, `${field}.containers[${index}]`, volumeNames),
    ),
    ...duplicates(names, (index) => `${field}.containers[${index}].name`),
    ...hostPortErrors(containers, `${field}.containers`),
    ...placeErrors(spec, field),
    ...(spec.tolerations ?? []).flatMap((toleration, index) =>
      tolerationErrors(toleration, `${field}.tolerations[${index}]`),
    ),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name === '' ? [required(`${field}.imagePullSecrets[${index}].name`)] : [],
    ),
  ];
}

function volumeErrors(volumes: NonNullable<PodSpecManifest['volumes']>, field: string): FieldError[] {
  const errors = volumes.flatMap(({ name, emptyDir, hostPath }, index) => {
    const path = `${field}[${index}]`;
    const found = nameErrors(name, `${path}.name`);
    if (emptyDir === undefined && hostPath === undefined) found.push(required(path, 'must specify a volume type'));
    if (emptyDir !== undefined && hostPath !== undefined) {
      found.push(forbidden(`${path}.hostPath`, 'may not specify more than 1 volume type'));
    }
    if (hostPath !== undefined) found.push(...hostPathErrors(hostPath.path, `${path}.hostPath.path`));
    return found;
  });
  const names = volumes.map(({ name }) => name);
  return [...errors, ...duplicates(names, (index) => `${field}[${index}].name`)];
}

function hostPathErrors(path: string, field: string): FieldError[] {
  if (path === '') return [required(field)];
  return path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];
}

function placeErrors(spec: PodSpecManifest, field: string): FieldError[] {
  const { terminationGracePeriodSeconds: grace = 0, nodeName, hostname } = spec;
  const errors: FieldError[] = [];
  if (grace < 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'));
  }
  errors.push(...validateLabels(spec.nodeSelector, `${field}.nodeSelector`));
  const nodeFault = nodeName ? nameError(nodeName, 'subdomain') : undefined;
  if (nodeFault !== undefined) errors.push(invalid(`${field}.nodeName`, nodeName, nodeFault));
  const hostFault = hostname ? nameError(hostname, 'label') : undefined;
  if (hostFault !== undefined) errors.push(invalid(`${field}.hostname`, hostname, hostFault));
  return errors;
}

function tolerationErrors(toleration: Toleration, field: string): FieldError[] {
  const { key = '', operator = 'Equal', value = '', effect, tolerationSeconds } = toleration;
  const errors: FieldError[] = [];
  const keyFault = key === '' ? undefined : qualifiedNameError(key);
  if (keyFault !== undefined) errors.push(invalid(`${field}.key`, key, keyFault));
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, detail));
  }
  if (operator === 'Exists' && value !== '') {
    errors.push(invalid(`${field}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect ?? '', detail));
  }
  return errors;
}
