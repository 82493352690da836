/** Who may connect to the embedded nats-server and what each may publish and subscribe to. */

/** Subjects that are allowed (all, when absent; none, when empty) and, of these, denied. */
export interface SubjectRule {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

export interface NatsUser {
  readonly name: string;
  readonly password: string;
  readonly publish?: SubjectRule;
  readonly subscribe?: SubjectRule;
  /** May answer any request it receives, whatever `publish` says. */
  readonly mayRespond?: boolean;
}

/** A user as the server's configuration wants it. */
export function userConfig(user: NatsUser): object {
  return {
    user: user.name,
    password: user.password,
    permissions: {
      publish: ruleConfig(user.publish),
      subscribe: ruleConfig(user.subscribe),
      ...(user.mayRespond && { allow_responses: true }),
    },
  };
}

/** The server takes an empty list of allowed subjects for "all", so "none" is written as a denial of everything. */
function ruleConfig(rule: SubjectRule = {}): object {
  if (rule.allow?.length === 0) return { deny: ['>'] };
  return { allow: rule.allow ?? ['>'], deny: rule.deny ?? [] };
}
