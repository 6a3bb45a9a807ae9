// Let every name below localhost lead to this machine, as browsers have it: node --import.
import dns from "node:dns";

const lookUp = dns.lookup;
dns.lookup = (host, ...rest) =>
  lookUp(String(host).endsWith(".localhost") ? "127.0.0.1" : host, ...rest);
