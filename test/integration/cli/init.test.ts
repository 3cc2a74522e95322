import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'dotenv';
import { VARIABLES } from '../../../src/config/schema.js';
import { run } from '../elastic/gateway-command.js';

const DEV = fileURLToPath(new URL('../../../bin/dev.js', import.meta.url));

describe('gateway init', () => {
  let folder = '';
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'gateway-init-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  const init = (...argv: string[]): ReturnType<typeof run> => run(['init', ...argv], folder, { PATH: process.env['PATH'], HOME: folder }, [process.execPath, DEV]);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

  it('writes a .env that names every variable and changes nothing, for its owner only', async () => {
    const { code, stdout } = await init();
    expect(code).to.equal(0);
    expect(stdout).to.match(/│ \.env +│ created/);
    expect(readdirSync(folder)).to.deep.equal(['.env']);
    expect(parse(read('.env'))).to.deep.equal({});
    for (const name of [...Object.keys(VARIABLES), 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY']) expect(read('.env')).to.match(new RegExp(`^#${name}=`, 'm'));
    expect(statSync(join(folder, '.env')).mode & 0o777).to.equal(0o600);
    const config = await run(['serve', '--print-config'], folder, { PATH: process.env['PATH'], HOME: folder }, [process.execPath, DEV]);
    expect(config.code, config.stderr).to.equal(0);
  });

  it('writes docker-compose.yml with passwords that nobody else has', async () => {
    expect((await init('--docker')).code).to.equal(0);
    const first = parse(read('.env'));
    expect(first, 'without a profile nothing is exported').not.to.have.any.keys('ENABLE_ELASTICSEARCH', 'COMPOSE_PROFILES');
    expect(first['KIBANA_ENCRYPTION_KEY']).to.match(/^[0-9a-f]{64}$/);
    expect(first['ELASTIC_PASSWORD']).to.match(/^[\w-]{24}$/);
    expect(first['GATEWAY_ELASTICSEARCH_PASSWORD']).to.match(/^[\w-]{24}$/).and.not.equal(first['ELASTIC_PASSWORD']);
    expect(first['GATEWAY_API_KEYS']).to.match(/^default:gw_[0-9A-Za-z]{46}$/);
    expect(read('docker-compose.yml')).to.match(/^services:/m);
    rmSync(join(folder, '.env'));
    await init('--docker');
    expect(parse(read('.env'))['ELASTIC_PASSWORD']).not.to.equal(first['ELASTIC_PASSWORD']);
  });

  it('writes the manifests of Kubernetes', async () => {
    const { stdout } = await init('--kubernetes', '--json');
    expect(JSON.parse(stdout)).to.deep.equal({ files: [
      { path: '.env', action: 'created' },
      ...['configmap.yaml', 'es-init-job.yaml', 'poddisruptionbudget.yaml', 'secret.yaml.example', 'service.yaml', 'statefulset.yaml']
        .map((name) => ({ path: `kubernetes/${name}`, action: 'created' })),
    ] });
    expect(readdirSync(join(folder, 'kubernetes'))).to.have.length(6);
    expect(statSync(join(folder, 'kubernetes/secret.yaml.example')).mode & 0o777).to.equal(0o600);
    const [, key, token] = /GATEWAY_API_KEYS: team-a:(gw_[0-9A-Za-z]{46})\n +ADMIN_TOKEN: "(gw_[0-9A-Za-z]{46})"\n/.exec(read('kubernetes/secret.yaml.example')) ?? [];
    expect(key).to.be.a('string').and.not.equal(token);
  });

  it('writes a hardened unit of systemd that starts this gateway, and that systemd takes', async () => {
    expect((await init('--systemd')).code).to.equal(0);
    expect(parse(read('.env'))['GATEWAY_API_KEYS']).to.match(/^default:gw_[0-9A-Za-z]{46}$/);
    const unit = read('systemd/ai-gateway.service');
    const program = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
    expect(unit).to.include(`\nExecStart=${process.execPath} ${program} serve\n`).and.not.match(/\{\w+\}/);
    const sections = new Map(unit.split(/^\[(\w+)\]$/m).flatMap((text, i, parts) => (i % 2 === 1 ? [[text, parts[i + 1]?.split('\n') ?? []] as const] : [])));
    expect([...sections.keys()]).to.deep.equal(['Unit', 'Service', 'Install']);
    for (const lines of sections.values()) for (const line of lines) expect(line).to.match(/^$|^#|^[A-Z]\w+=/);
    expect(sections.get('Service')).to.include.members(['DynamicUser=yes', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'ExecReload=/bin/kill -HUP $MAINPID', 'TimeoutStopSec=45']);
    if (!existsSync('/usr/bin/systemd-analyze')) return; // the machine has no systemd: the lines above are all that can be said
    const verified = await run(['verify', join(folder, 'systemd/ai-gateway.service')], folder, { PATH: process.env['PATH'] }, ['/usr/bin/systemd-analyze']);
    expect(verified).to.deep.include({ code: 0, stdout: '', stderr: '' });
  });

  it('keeps each manifest that is there, and writes the others', async () => {
    mkdirSync(join(folder, 'kubernetes'));
    writeFileSync(join(folder, 'kubernetes/configmap.yaml'), 'mine\n');
    const { stdout } = await init('--kubernetes', '--json');
    expect((JSON.parse(stdout) as { files: { path: string; action: string }[] }).files.filter(({ action }) => action === 'kept')).to.deep.equal([{ path: 'kubernetes/configmap.yaml', action: 'kept' }]);
    expect(read('kubernetes/configmap.yaml')).to.equal('mine\n');
    expect(read('kubernetes/service.yaml')).to.match(/^kind: Service$/m);
  });

  it('never touches a file that is there, and says what then is missing in it', async () => {
    writeFileSync(join(folder, '.env'), 'PORT=4000\n');
    writeFileSync(join(folder, 'docker-compose.yml'), 'mine\n');
    const { code, stdout, stderr } = await init('--docker');
    expect(code).to.equal(0);
    expect(stdout).to.match(/│ \.env +│ kept/).and.match(/docker-compose\.yml +│ kept/);
    expect(stderr).to.match(/needs ELASTIC_PASSWORD/);
    expect(read('.env')).to.equal('PORT=4000\n');
    expect(read('docker-compose.yml')).to.equal('mine\n');
  });
});
