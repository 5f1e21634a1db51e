import { appendFile } from 'node:fs/promises';
import { escapeControl } from '../../record/escape-control.js';

/** How grave an annotation is. */
export type AnnotationLevel = 'error' | 'warning' | 'notice';

/**
 * An annotation of GitHub Actions, as a line: a workflow command, escaped as `@actions/core` of GitHub's toolkit escapes it. Text of
 * strangers can neither end it nor begin another command.
 */
export function annotation(level: AnnotationLevel, title: string, message: string): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(message)}\n`;
}

function escapeData(text: string): string {
  return escapeControl(text).replaceAll('%', '%25');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Adds Markdown to the summary of the workflow's step: the file that `GITHUB_STEP_SUMMARY` names. It does nothing outside GitHub Actions.
 *
 * @throws {Error} if the file cannot be written
 */
export async function addStepSummary(markdown: string): Promise<void> {
  const { GITHUB_STEP_SUMMARY: file } = process.env;
  if (file) await appendFile(file, `${markdown}\n`);
}
