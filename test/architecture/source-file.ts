// One file as the architecture rules see it: what it imports, which globals it calls, how long it is.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync, visitorKeys } from 'oxc-parser';

/** An import, export-from, dynamic import or import type. */
export type Import = {
  readonly specifier: string;
  /** For a relative specifier the path from the root, otherwise undefined. */
  readonly path: string | undefined;
  readonly names: readonly string[];
  readonly line: number;
  readonly typeOnly: boolean;
};

/** A use of a name the file does not declare: `Math.random` for a member, `new Date(value)` for a constructor's call. */
export type GlobalUse = { readonly name: string; readonly line: number };

export type FunctionSpan = { readonly name: string; readonly line: number; readonly lines: number };

export type Comment = { readonly text: string; readonly line: number };

export type SourceFile = {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly startsWithComment: boolean;
  readonly imports: readonly Import[];
  readonly globals: readonly GlobalUse[];
  readonly functions: readonly FunctionSpan[];
  readonly comments: readonly Comment[];
};

type Node = { readonly type: string; readonly start: number; readonly end: number } & Record<string, unknown>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

export function readSourceFile(root: string, path: string): SourceFile {
  return parseSourceFile(path, readFileSync(join(root, path), 'utf8'));
}

/** Raises an Error naming the file when it does not parse: a file that cannot be read has not been checked. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const lineOf = lineFinder(text);
  const importOf = (specifier: string, start: number, names: readonly string[], typeOnly: boolean): Import => ({
    specifier,
    path: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
    names,
    line: lineOf(start),
    typeOnly,
  });
  const imports = module.staticImports.map(({ moduleRequest, start, entries }) =>
    importOf(
      moduleRequest.value,
      start,
      entries.flatMap((entry) => entry.importName.name ?? []),
      entries.length > 0 && entries.every((entry) => entry.isType),
    ),
  );
  for (const { entries, start } of module.staticExports)
    for (const { moduleRequest, importName, isType } of entries)
      if (moduleRequest) imports.push(importOf(moduleRequest.value, start, [importName.name ?? []].flat(), isType));
  const facts = collect(program as unknown as Node, lineOf);
  imports.push(...facts.imports.map(({ specifier, at, typeOnly }) => importOf(specifier, at, [], typeOnly)));
  return {
    path,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    startsWithComment: /^(#!.*\n)?\/[/*]/.test(text),
    imports,
    globals: facts.globals.filter(({ name }) => !facts.declared.has(baseName(name))),
    functions: facts.functions,
    comments: comments.map((comment) => ({ text: comment.value, line: lineOf(comment.start) })),
  };
}

type Facts = {
  imports: { specifier: string; at: number; typeOnly: boolean }[];
  globals: GlobalUse[];
  functions: FunctionSpan[];
  declared: Set<string>;
};

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function collect(program: Node, lineOf: (offset: number) => number): Facts {
  const facts: Facts = { imports: [], globals: [], functions: [], declared: new Set() };
  const visit = (node: Node, parent: Node | undefined, key: string): void => {
    const line = lineOf(node.start);
    if (node.type === 'ImportExpression' || node.type === 'TSImportType') {
      const source = node['source'];
      const specifier = isNode(source) && typeof source['value'] === 'string' ? source['value'] : '(computed)';
      facts.imports.push({ specifier, at: node.start, typeOnly: node.type === 'TSImportType' });
    }
    if (FUNCTIONS.has(node.type))
      facts.functions.push({ name: nameOf(node, parent), line, lines: lineOf(node.end) - line + 1 });
    if (node.type === 'Identifier') {
      if (declares(parent, key)) facts.declared.add(String(node['name']));
      else if (refersToValue(parent, key)) facts.globals.push({ name: qualifiedName(node, parent, key), line });
    }
    for (const childKey of visitorKeys[node.type] ?? [])
      for (const child of [node[childKey]].flat()) if (isNode(child)) visit(child, node, childKey);
  };
  visit(program, undefined, '');
  return facts;
}

/** Parameters and destructured names count too: `{ setTimeout }` taken from a clock is not the global. */
function declares(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return false;
  if (parent.type.startsWith('Import')) return key === 'local';
  if (key === 'params' || key === 'id' || key === 'param') return true;
  return key === 'value' && parent.type === 'Property' && parent['shorthand'] === true;
}

function refersToValue(parent: Node | undefined, key: string): boolean {
  if (parent === undefined || (parent.type.startsWith('TS') && key !== 'expression')) return false;
  if (parent.type.startsWith('Import') || parent.type.startsWith('Export')) return false;
  if (key === 'property' || key === 'key') return parent['computed'] === true;
  return true;
}

function qualifiedName(node: Node, parent: Node | undefined, key: string): string {
  if (parent?.type === 'NewExpression' && key === 'callee' && [parent['arguments']].flat().length > 0)
    return `new ${String(node['name'])}(value)`;
  const property = parent?.type === 'MemberExpression' && key === 'object' ? parent['property'] : undefined;
  if (!isNode(property) || parent?.['computed'] === true) return String(node['name']);
  return `${String(node['name'])}.${String(property['name'])}`;
}

/** `Math` of `Math.random`, `Date` of `new Date(value)`. */
export const baseName = (name: string): string => name.replace(/^new |[.(].*$/g, '');

function nameOf(node: Node, parent: Node | undefined): string {
  const named = [node['id'], parent?.['id'], parent?.['key']].find(isNode);
  return typeof named?.['name'] === 'string' ? named['name'] : 'a function';
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
