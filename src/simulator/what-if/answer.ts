/** What a what-if answers: all of it, as `-o json` prints it. Names in order, so that equal answers are equal texts. */
import type { Fit } from './fit.ts';
import type { Settled } from './fork.ts';

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** A pod that would end where it is and be made anew by its controller. */
export interface MovedPod extends PodName {
  readonly from?: string;
  /** Undefined where its replacement finds no node: that is among the pending ones. */
  readonly to?: string;
  readonly replacedBy: string;
  readonly why: string;
  /** Counted from 1; 0: while the cell finished what it was about to do. */
  readonly step: number;
}

/** A pod that would get a node: a new one, or one that waited. */
export interface PlacedPod extends PodName {
  readonly node: string;
  /** Name of its controller, if it has one. */
  readonly controller?: string;
  readonly isNew: boolean;
}

export interface PendingPod extends PodName {
  /** The scheduler's sentence. */
  readonly why: string;
  /** How many nodes are ruled out, by reason. */
  readonly ruledOut: Readonly<Record<string, number>>;
  /** Name of its controller, if it has one. */
  readonly controller?: string;
  /** Whether it had no node before. */
  readonly already: boolean;
  /** The pod it would replace. */
  readonly replaces?: string;
}

/** A pod that would be gone, lost or unwanted, or would stay where it is of no use. */
export interface AffectedPod extends PodName {
  readonly node?: string;
  readonly why: string;
  readonly step?: number;
}

export interface Room {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

/** What is promised to the pods of a node, of what it has. */
export interface Fullness {
  /** As `get nodes` shows it. */
  readonly status: string;
  readonly requested: Room;
  readonly allocatable: Room;
}

export interface NodeFullness {
  readonly name: string;
  /** Absent for a node that the scenario adds. */
  readonly before?: Fullness;
  /** Absent for a node that the scenario removes. */
  readonly after?: Fullness;
}

export interface PlayedStep {
  /** Counted from 1. */
  readonly step: number;
  readonly action: string;
  /** Virtual time until nothing more happened. */
  readonly seconds: number;
  readonly commits: number;
  readonly ended: Settled;
  readonly fit?: Fit;
}

export interface WhatIfAnswer {
  /** Where it begins. */
  readonly from: { readonly revision: number; readonly time: string };
  /** Whether the cell was at rest there; otherwise it first finished what it was about to do, which no step is blamed for. */
  readonly wasAtRest: boolean;
  readonly steps: readonly PlayedStep[];
  readonly moved: readonly MovedPod[];
  readonly pending: readonly PendingPod[];
  /** Gone or out of reach, and nothing replaces them. */
  readonly lost: readonly AffectedPod[];
  /** Still where they should not be: held back by a drain, or on a silent node and not given up. */
  readonly staying: readonly AffectedPod[];
  readonly placed: readonly PlacedPod[];
  /** Deleted as asked, or no longer wanted by their controller. */
  readonly removed: readonly AffectedPod[];
  readonly nodes: readonly NodeFullness[];
}
