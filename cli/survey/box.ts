import { ScreeError } from '../../src/graph/errors.js';
import type { Ground } from '../walk/surface-argument.js';
import type { SurveyOptions } from './options.js';

export function surveyBox(_ground: Ground, _options: SurveyOptions): Promise<void> {
  return Promise.reject(new ScreeError('survey: a box cannot be surveyed by this version'));
}
