/** `what-if`: plays a scenario on a fork of the cell's past and says what would become of pods and nodes. Nothing else is touched. */
import { formatTime } from '../../foundation/clock.ts';
import type { PlayedStep, WhatIfAnswer } from './answer.ts';
import type { BaseState } from './base-state.ts';
import { Departures } from './departures.ts';
import { ScenarioError } from './errors.ts';
import { countFit } from './fit.ts';
import { Fork } from './fork.ts';
import { compareFullness, fullnessOf } from './fullness.ts';
import { Player } from './play.ts';
import { comparePods, livePods } from './pods-compared.ts';
import { describeStep, type Scenario, type Step } from './scenario.ts';

/**
 * Virtual time that one step may take. Far longer than a node's silence and the usual tolerance together, so that only a pod
 * that asked for it, or a cell that never comes to rest, meets it.
 */
export const STEP_MAX_SECONDS = 1_800;

export interface WhatIfOptions {
  /** STEP_MAX_SECONDS where absent. */
  readonly stepMaxSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Plays the scenario. Rejects with ScenarioError for a step that cannot be played; the same base and scenario give the same answer. */
export async function whatIf(base: BaseState, scenario: Scenario, options: WhatIfOptions = {}): Promise<WhatIfAnswer> {
  const fork = await Fork.begin(base);
  try {
    return await play(fork, base, scenario, options);
  } finally {
    fork.stop();
  }
}

async function play(fork: Fork, base: BaseState, scenario: Scenario, options: WhatIfOptions): Promise<WhatIfAnswer> {
  const departures = new Departures();
  fork.subscribe(departures.observe);
  await settle(fork, options);
  const atRest = {
    revision: fork.state.revision,
    pods: livePods(fork.state),
    nodes: fullnessOf(fork.state, fork.now()),
  };
  const player = new Player(fork);
  const steps: PlayedStep[] = [];
  for (const [index, step] of scenario.steps.entries()) {
    departures.step = index + 1;
    steps.push(await playStep({ fork, player, step, number: index + 1 }, options));
  }
  return {
    from: { revision: base.revision, time: formatTime(base.time) },
    wasAtRest: atRest.revision === base.revision,
    steps,
    ...comparePods({
      before: atRest.pods,
      view: fork.state,
      steps: scenario.steps,
      held: player.held,
      departureOf: (uid) => departures.of(uid),
    }),
    nodes: compareFullness(atRest.nodes, fullnessOf(fork.state, fork.now())),
  };
}

interface StepPlay {
  readonly fork: Fork;
  readonly player: Player;
  readonly step: Step;
  readonly number: number;
}

async function playStep({ fork, player, step, number }: StepPlay, options: WhatIfOptions): Promise<PlayedStep> {
  const { revision } = fork.state;
  const begin = fork.now();
  const action = describeStep(step);
  try {
    if (step.do === 'fit') {
      const fit = countFit(fork.state, step.shape);
      return { step: number, action, seconds: 0, commits: 0, ended: 'quiet', fit };
    }
    await player.play(step);
  } catch (error) {
    if (error instanceof ScenarioError)
      throw new ScenarioError(`step ${number} (${action}): ${error.message}`, { cause: error });
    throw error;
  }
  const ended = await settle(fork, options);
  const seconds = Math.round((fork.lastChangeAt(begin) - begin) / 1000);
  return { step: number, action, seconds, commits: fork.state.revision - revision, ended };
}

function settle(fork: Fork, { stepMaxSeconds = STEP_MAX_SECONDS, signal }: WhatIfOptions) {
  return fork.settle(fork.now() + stepMaxSeconds * 1000, signal);
}
