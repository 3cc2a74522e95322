import { authentication } from './authentication.js';
import { blocks } from './blocks.js';
import { canary } from './canary.js';
import type { Check } from './check.js';
import { clock } from './clock.js';
import { disk } from './disk.js';
import { exporter } from './exporter.js';
import { health } from './health.js';
import { dns, http, tcp, tls } from './layers.js';
import { newest } from './newest.js';
import { alias, layout, mapping, policy, template } from './objects.js';
import { privileges } from './privileges.js';
import { product, version } from './server.js';
import { settings } from './settings.js';
import { writeProbe } from './write-probe.js';

/** Every check of `gateway es verify`, in the order in which they run: a check stands after those that it needs. */
export const CHECKS: readonly Check[] = [
  settings, dns, tcp, tls, http, product, authentication, version, privileges, health, disk,
  layout, policy, template, mapping, alias, blocks, writeProbe, newest, exporter, clock, canary,
];
