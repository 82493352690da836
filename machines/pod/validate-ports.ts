/** What Kubernetes refuses in a container's ports. */
import { isIP } from './ip-address.ts';
import type { FieldError } from '../refusal.ts';
import type { ContainerManifest } from './container-manifest.ts';
import { duplicate, duplicates, invalid, required } from './field-error.ts';

type Ports = NonNullable<ContainerManifest['ports']>;
type Port = Ports[number];

const PORT_MAX = 65_535;
const PORT_NAME_MAX_LENGTH = 15;

export function portErrors(ports: Ports, field: string): FieldError[] {
  const names = ports.map(({ name }) => name);
  return [
    ...ports.flatMap((port, index) => onePortErrors(port, `${field}[${index}]`)),
    ...duplicates(names, (index) => `${field}[${index}].name`),
  ];
}

function onePortErrors(port: Port, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...portNameErrors(port.name, `${field}.name`));
  if (port.containerPort === 0) errors.push(required(`${field}.containerPort`));
  else errors.push(...rangeErrors(port.containerPort, `${field}.containerPort`));
  if (port.hostPort) errors.push(...rangeErrors(port.hostPort, `${field}.hostPort`));
  if (port.hostIP && !isIP(port.hostIP)) {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    errors.push(invalid(`${field}.hostIP`, port.hostIP, detail));
  }
  return errors;
}

function rangeErrors(port: number, field: string): FieldError[] {
  return port >= 1 && port <= PORT_MAX ? [] : [invalid(field, port, `must be between 1 and ${PORT_MAX}, inclusive`)];
}

/** RFC 6335 as Kubernetes reads it. */
function portNameErrors(name: string, field: string): FieldError[] {
  const details: string[] = [];
  if (name.length > PORT_NAME_MAX_LENGTH) details.push(`must be no more than ${PORT_NAME_MAX_LENGTH} characters`);
  if (!/^[-a-z0-9]+$/.test(name))
    details.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) details.push('must contain at least one letter (a-z)');
  if (name.includes('--')) details.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) details.push('must not begin or end with a hyphen');
  return details.map((detail) => invalid(field, name, detail));
}

/** A port of the node can be asked for once per pod, protocol and address. */
export function hostPortErrors(containers: readonly ContainerManifest[], field: string): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [position, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const claim = `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(claim)) errors.push(duplicate(`${field}[${index}].ports[${position}].hostPort`, claim));
      seen.add(claim);
    }
  }
  return errors;
}
