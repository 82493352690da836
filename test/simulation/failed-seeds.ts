// Every seed that ever failed, and what it found: each runs again with every change. What was found is kept here in words, since a
// plan may come out differently once kinds of faults or actions are added.

export interface FailedSeed {
  readonly seed: number;
  readonly found: string;
}

export const FAILED_SEEDS: readonly FailedSeed[] = [
  { seed: 18, found: 'a loss that leaves no entry began a lineage that nobody could fold' },
  { seed: 24, found: 'a control plane that had not seen the lost entries gave work to nodes that had' },
  { seed: 27, found: 'the same, with a control plane restarted from an older read model' },
  { seed: 40, found: 'a node whose registration was lost with the log never registered again' },
  { seed: 43, found: 'a report under way while a loss was accepted was applied a second time' },
  { seed: 48, found: 'a restart of a container that was lost with the log was never told again' },
  { seed: 56, found: 'a pod whose readiness was lost with the log was never ready again' },
  { seed: 83, found: 'a pod whose end was lost with the log stayed in deletion for ever' },
  {
    seed: 98,
    found: 'a second accepted loss that reached behind the beginning of the first made a log that nobody could fold',
  },
  { seed: 147, found: 'a work list that was lost on the way was noticed only by the next one' },
  {
    seed: 151,
    found: 'of the checkers: a pod whose binding was lost may run where it was until that node hears of it',
  },
  { seed: 156, found: 'an agent that learnt of later runs while an older one ran started the next one beside it' },
  { seed: 1_000_087, found: 'evictions were carried out by a writer that had not watched since the nodes came back' },
  { seed: 1_100_675, found: 'of the checkers: a repeat that saw nothing is not recognised behind a new lineage' },
];
