// Elastic's mock of an OTLP receiver, which its own SDKs are tested with: its port is the first line
// of standard output, and each request that it takes is a line after that, in JSON.
const {MockOtlpServer, normalizeMetrics} = require('@elastic/mockotlpserver');

const server = new MockOtlpServer({
  services: ['http'],
  logLevel: 'warn',
  httpHostname: '127.0.0.1',
  httpPort: 0,
  onMetrics: (metrics) => console.log(JSON.stringify(normalizeMetrics(metrics))),
});

server.start().then(() => console.log(new URL(server.httpUrl).port));
process.stdin.resume().on('end', () => process.exit(0));
