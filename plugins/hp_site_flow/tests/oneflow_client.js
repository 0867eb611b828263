// The vendor's own client at work: {url, token, secret, source, orders, signed} on stdin, what it saw on stdout, as JSON.
//
// Submits each of `orders`, and the first one again; finds and cancels each; then tells, without sending them, the
// headers of each of `signed`, which are [method, path].
const OneFlowClient = require("oneflow-sdk-js");

async function main(given) {
  const client = new OneFlowClient(given.url, given.token, given.secret);
  const seen = { submitted: [], canceled: [], found: [], signed: [] };
  const submit = (order) => client.request("POST", "/order", order);
  for (const order of given.orders) {
    seen.submitted.push((await submit(order)).order.orderData.status);
  }
  try {
    await submit(given.orders[0]);
  } catch (error) {
    const said = error.response.data.error;
    seen.again = [error.response.status, said.code, said.validations[0].path];
  }
  for (const order of given.orders) {
    const number = encodeURIComponent(order.orderData.sourceOrderId);
    await client.request("PUT", `/order/${given.source}/${number}/cancel`);
    const found = await client.request("get", `/order/bysourceid/${number}?fields=status`);
    seen.canceled.push(found.orderData.status);
  }
  client.client.defaults.adapter = async (config) => {
    seen.signed.push([config.headers["x-oneflow-date"], config.headers["x-oneflow-authorization"]]);
    return { data: {}, status: 200, statusText: "", headers: {}, config };
  };
  for (const [method, path] of given.signed) {
    await client.request(method, path);
  }
  return seen;
}

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  process.stdout.write(JSON.stringify(await main(JSON.parse(text))));
});
