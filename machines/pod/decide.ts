/** A pod's verbs: the common ones under its rules, and what scheduler, agent and node controllers may say. */
import { verb, type Verb } from '../kind.ts';
import { objectVerbs } from '../object-commands.ts';
import {
  BindArguments,
  CreatePremise,
  ExpireArguments,
  FailArguments,
  MarkNodeLostArguments,
  MarkNodeReturnedArguments,
  MarkUnschedulableArguments,
  ReportArguments,
} from './commands.ts';
import { decideBind, decideMarkUnschedulable } from './decide-bind.ts';
import { decideExpire, decideMarkNodeLost, decideMarkNodeReturned } from './decide-node-loss.ts';
import { decideFail, decideReport } from './decide-report.ts';
import { podRules } from './rules.ts';

export const podVerbs: Readonly<Record<string, Verb>> = {
  ...objectVerbs(podRules, CreatePremise),
  bind: verb(BindArguments, decideBind),
  markUnschedulable: verb(MarkUnschedulableArguments, decideMarkUnschedulable),
  report: verb(ReportArguments, decideReport),
  fail: verb(FailArguments, decideFail),
  markNodeLost: verb(MarkNodeLostArguments, decideMarkNodeLost),
  markNodeReturned: verb(MarkNodeReturnedArguments, decideMarkNodeReturned),
  expire: verb(ExpireArguments, decideExpire),
};
