// Calls about the sale and the buyer's orders. Each resolves with `{status, body, headers}` or rejects
// with NoAnswer.
import { call } from '../shared/http.js';

export class Orders {
  #sale;
  #buyer;

  constructor(sale, buyer) {
    this.#sale = sale;
    this.#buyer = buyer;
  }

  sale() {
    return this.#call('GET', `/v1/sales/${this.#sale}`);
  }

  /** Without a buyer there are none to ask for: null. */
  async mine() {
    if (this.#buyer.id === null) return null;
    return this.#call('GET', `/v1/sales/${this.#sale}/orders?limit=1000`);
  }

  order(id) {
    return this.#call('GET', `/v1/orders/${id}`);
  }

  pay(id, token) {
    return this.#call('POST', `/v1/orders/${id}/payment`, { token });
  }

  leave(id) {
    return this.#call('DELETE', `/v1/orders/${id}`);
  }

  #call(method, path, body) {
    return call(method, path, { body, headers: this.#buyer.headers });
  }
}
