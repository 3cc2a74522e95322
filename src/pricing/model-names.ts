import type { UsagePart } from '../domain/usage.js';

/** The names of a call's model, the one that says more first. */
export interface CallNames {
  readonly model?: string | undefined;
  readonly responseModel?: string | undefined;
}

/**
 * A model's names, the one that says more first: mostly the answer's (`gpt-4o-2024-08-06` for
 * `gpt-4o`), but Bedrock's ids hold the answer's name and the region that is billed.
 */
export function namesOfCall({ model, responseModel }: CallNames): readonly string[] {
  if (model === undefined || responseModel === undefined) return [model ?? responseModel].filter((name) => name !== undefined);
  return saysMore(model, responseModel) ? [model, responseModel] : [responseModel, model];
}

/** The names of a part's model. The call's own are other models, save where they name the same with more detail. */
export function namesOfPart({ model: part }: UsagePart, call: CallNames): readonly string[] {
  if (part === undefined) return namesOfCall(call);
  return [...namesOfCall(call).filter((name) => saysMore(name, part)), part];
}

/** What may follow a model's name in a longer name for the same: Bedrock's `-v1:0`, a route of OpenRouter's (`:free`). */
const SAME_MODEL = /^(?:-v\d+)?(?::[\w-]+)?$/;

/** Whether the one name is the other with a place before it or a route behind it; `gpt-4o-mini` is another model than `gpt-4o`. */
function saysMore(name: string, other: string): boolean {
  const at = name.lastIndexOf(other);
  return at !== -1 && /^[^\w-]?$/.test(name.charAt(at - 1)) && SAME_MODEL.test(name.slice(at + other.length));
}

/** What stands before a model's name in Google's paths and OpenAI-compatible interfaces. */
const GOOGLE_PLACE = /^(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models\/|^(?:models|google)\//;
/** ARNs that name a model; those of deployments, imported models and application profiles have ids that say nothing. */
const AWS_MODEL = /^arn:aws[\w-]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)\//;

/** A model's name as the price list may have it, the most literal first. */
export function listNames(providerId: string, model: string): readonly string[] {
  if (providerId === 'aws') {
    const name = model.replace(AWS_MODEL, '');
    // GovCloud costs more than the regions whose prices the list has.
    return name.startsWith('arn:') || name.startsWith('us-gov.') || model.startsWith('arn:aws-us-gov:') ? [] : [name];
  }
  const plain = model.replace(GOOGLE_PLACE, '');
  return plain === model ? [model] : [model, plain];
}
