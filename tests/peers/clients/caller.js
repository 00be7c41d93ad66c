// A program that traces with Datadog's dd-trace and calls a URL: one request, its trace's headers sent along.
// Prints the ids that its span had. Arguments: the URL, and "keep", "drop" or "none" for the tracer's own choice.
const tracer = require('dd-trace').init({ service: 'caller', plugins: false, flushInterval: 100, startupLogs: false })
const http = require('http')

const [url, priority] = process.argv.slice(2)
const span = tracer.startSpan('client.request', { tags: { 'span.kind': 'client', 'resource.name': 'GET' } })
if (priority !== 'none') span.setTag('manual.' + priority, true)
const headers = {}
tracer.inject(span, 'http_headers', headers)
http.get(url, { headers }, (reply) => {
  reply.resume()
  reply.on('end', () => {
    span.finish()
    const context = span.context()
    const traceId = context.toTraceId(true).padStart(32, '0')
    console.log(JSON.stringify({ trace_id: traceId, span_id: context.toSpanId(), answered: reply.headers.traceparent }))
    setTimeout(() => process.exit(0), 2000)
  })
})
