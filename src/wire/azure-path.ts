import type { PathFacts } from '../domain/dialect.js';

const DEPLOYMENT = /\/openai\/deployments\/([^/]+)\//;

/** Azure OpenAI names the model by its deployment in the path; a `model` in the body comes before it. */
export function readDeploymentPath(path: string): PathFacts {
  const name = DEPLOYMENT.exec(path)?.[1];
  if (name === undefined) return {};
  try {
    return { model: decodeURIComponent(name) };
  } catch {
    return { model: name };
  }
}
