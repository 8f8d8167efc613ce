import { ScreeError } from '../../src/graph/errors.js';
import type { SurveyOptions } from './options.js';

export function surveyRun(_path: string, _options: SurveyOptions): Promise<void> {
  return Promise.reject(new ScreeError('survey: a run cannot be surveyed by this version'));
}
