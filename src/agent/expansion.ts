/** Kubernetes' `$(NAME)` in commands, arguments and environment values. Pure. */

const REFERENCE = /\$\$|\$\(([^()$]*)\)/g;

/** `$(NAME)` becomes the variable's value, `$$` a dollar sign; a name that is not known stays as it is written. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  if (!text.includes('$')) return text;
  return text.replace(REFERENCE, (match, name: string | undefined) => {
    if (match === '$$') return '$';
    return (name !== undefined && Object.hasOwn(variables, name) ? variables[name] : undefined) ?? match;
  });
}

/** Each value may refer to the variables before it. */
export function expandEnvironment(
  entries: readonly { readonly name: string; readonly value?: string | undefined }[],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value } of entries) environment[name] = expand(value ?? '', environment);
  return environment;
}
