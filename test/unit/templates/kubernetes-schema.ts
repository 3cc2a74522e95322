import { StatefulSet } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Pod, Secret, Service } from 'kubernetes-models/v1';

const MODELS = { PodDisruptionBudget, StatefulSet, Job, ConfigMap, Pod, Secret, Service } as unknown as Readonly<Record<string, { prototype: { validate: (this: unknown) => void } }>>;

/**
 * The fields of a manifest that its schema does not know, as dotted paths.
 *
 * The packaged schemas are compiled and pass over such fields, as Kubernetes does. But they read
 * every field that they know and no other: what nobody has read is unknown.
 *
 * @throws where the schema refuses the manifest
 */
export function unknownFields(manifest: Readonly<Record<string, unknown>>): string[] {
  const model = MODELS[String(manifest['kind'])];
  if (model === undefined) throw new Error('no schema for that kind');
  const read = new Set<string>();
  model.prototype.validate.call(watched(manifest, '', read));
  return paths(manifest, '').filter((path) => !read.has(path));
}

function watched<T extends object>(value: T, at: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol') return found;
      const path = `${at}.${key}`;
      read.add(path);
      return typeof found === 'object' && found !== null ? watched(found, path, read) : found;
    },
  });
}

function paths(value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [`${at}.${key}`, ...paths(child, `${at}.${key}`)]);
}
