// A press that has no order yet: ready, on its way, or refused.
import { $, setText, show } from '../shared/dom.js';
import { clockTime } from '../shared/format.js';

export class PressView {
  #words;
  #speaker;
  #said = '';

  constructor(words, speaker, disarm) {
    this.#words = words;
    this.#speaker = speaker;
    $('disarm').addEventListener('click', disarm);
  }

  render(model) {
    this.#renderPress(model);
    this.#renderRefusal(model);
  }

  #renderPress(model) {
    show($('press'), model.pressing());
    if (!model.pressing()) {
      if (!model.refusal()) this.#said = '';
      return;
    }
    const words = this.#words;
    const armed = model.press.status === 'armed';
    // Without a reason another tab is sending it.
    const reason = armed ? 'armed' : model.waitReason ?? 'sending';
    const time = clockTime(model.opensAt(), words.language);
    setText($('press-mark'), armed ? words.armed : words.pressing);
    $('press-mark').className = armed ? 'mark good' : 'mark wait';
    setText($('press-title'), words[`${reason}Title`]);
    setText($('press-text'), armed ? words.armedText({ time }) : words[`${reason}Text`]);
    show($('disarm'), armed);
    this.#sayOnce(words[`${reason}Title`]);
  }

  #renderRefusal(model) {
    const refusal = model.refusal();
    show($('refusal'), refusal !== null);
    if (refusal === null) return;
    const words = this.#words;
    const { title, text } = words.refusals[refusal.code] ?? words.refusals.unknown;
    const last = model.sale?.last_winner_arrival ?? null;
    const about = { code: refusal.code, arrival: (refusal.arrival ?? 0).toLocaleString(words.language), last };
    setText($('refusal-mark'), words.refused);
    setText($('refusal-title'), title(about));
    setText($('refusal-text'), text(about));
    this.#sayOnce(title(about));
  }

  #sayOnce(text) {
    if (text === this.#said) return;
    this.#said = text;
    this.#speaker.shout(text);
  }
}
