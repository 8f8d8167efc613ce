import type { Definition } from '../options.js';
import type { Registry } from '../registry.js';
import { annealing } from './annealing.js';
import { bfgs } from './bfgs.js';
import { cg } from './cg.js';
import { cubic } from './cubic.js';
import { dogleg } from './dogleg.js';
import { gradientdescent } from './gradientdescent.js';
import { lbfgs } from './lbfgs.js';
import { levenbergmarquardt } from './levenbergmarquardt.js';
import type { Method } from './method.js';
import { multistart } from './multistart.js';
import { newtoncg } from './newtoncg.js';
import { perturbedgd } from './perturbedgd.js';
import { saddlefreenewton } from './saddlefreenewton.js';
import { steihaug } from './steihaug.js';
import { thirdorder } from './thirdorder.js';
import { trustexact } from './trustexact.js';

const all: readonly { readonly definition: Definition<Method> }[] = [
  gradientdescent,
  cg,
  bfgs,
  lbfgs,
  newtoncg,
  dogleg,
  steihaug,
  trustexact,
  cubic,
  saddlefreenewton,
  levenbergmarquardt,
  perturbedgd,
  thirdorder,
  annealing,
  multistart,
];

/** Every method that drives compiled functions from a loop by its name, with its summary and options: a new one is a line here. */
export const methods: Registry<Method> = Object.fromEntries(
  all.map(({ definition }) => [definition.name, definition]),
);
