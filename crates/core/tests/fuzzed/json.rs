//! Changes somewhere in a JSON value, as a fuzzer's bytes say: numbers, truth values, lists, swapped texts.

use alloy_primitives::U256;
use serde_json::Value;

use super::input::Input;

/// Follows the bytes down to one value and changes it.
pub(crate) fn change(json: &mut Value, input: &mut Input<'_>) {
    match json {
        Value::Object(fields) if !fields.is_empty() => {
            let place = input.below(fields.len());
            if let Some(value) = fields.values_mut().nth(place) {
                change(value, input);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let place = input.below(items.len());
            match input.any::<u8>() {
                0..=3 => drop(items.remove(place)),
                4..=7 => items.insert(place, items[place].clone()),
                8..=11 => items.swap(0, place),
                12..=13 => items.truncate(place),
                _ => change(&mut items[place], input),
            }
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => {
            let old = number.as_i64().unwrap_or(0);
            let new = signed(i128::from(old), input);
            let new = i64::try_from(new).unwrap_or(old.wrapping_neg());
            *json = Value::from(new);
        }
        Value::String(text) => {
            if let Ok(old) = text.parse::<i128>() {
                *text = signed(old, input).to_string();
            } else if text.bytes().all(|byte| byte.is_ascii_digit())
                && let Ok(old) = text.parse::<U256>()
            {
                *text = old.wrapping_add(U256::from(input.any::<u32>())).to_string();
            } else if input.any::<u8>() < 8 {
                text.pop();
            }
        }
        _ => {}
    }
}

fn signed(old: i128, input: &mut Input<'_>) -> i128 {
    let drawn = i128::from(input.any::<i64>());
    match input.any::<u8>() {
        0..=63 => old.saturating_add(drawn % 64),
        64..=95 => old.saturating_add(old / 1000 * (drawn % 999)),
        96..=127 => old.saturating_mul(drawn.rem_euclid(1000)),
        128..=159 => old / drawn.saturating_abs().max(1),
        160..=175 => i128::from(u64::MAX) - drawn.rem_euclid(4),
        176..=183 => i128::MAX,
        184..=191 => old.saturating_neg(),
        192..=199 => 0,
        size => drawn >> (size % 64) << (size / 64 * 8),
    }
}

/// Adds liquidity between two ticks that are listed, and to the pool's own where they hold the current one.
pub(crate) fn provide(json: &mut Value, input: &mut Input<'_>) {
    let current = ["tick", "tick_current"]
        .iter()
        .find_map(|name| json.get(*name)?.as_i64());
    let added = i128::from(input.any::<u64>()) >> input.below(64);
    let mut ticks = Vec::new();
    listed(json, &mut ticks);
    ticks.sort_by_key(|tick| place(tick));
    if ticks.len() < 2 {
        return;
    }
    let low = input.below(ticks.len() - 1);
    let high = low + 1 + input.below(ticks.len() - 1 - low);
    let ends = [place(ticks[low]), place(ticks[high])];
    for (at, net) in [(low, added), (high, -added)] {
        add(ticks[at], "liquidity_net", net);
        add(ticks[at], "liquidity_gross", added);
    }
    if current.is_some_and(|tick| ends[0] <= tick && tick < ends[1]) {
        add(json, "liquidity", added);
    }
}

fn listed<'a>(json: &'a mut Value, ticks: &mut Vec<&'a mut Value>) {
    if json.get("liquidity_net").is_some() {
        ticks.push(json);
        return;
    }
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| listed(item, ticks)),
        Value::Object(fields) => fields.values_mut().for_each(|field| listed(field, ticks)),
        _ => {}
    }
}

fn place(tick: &Value) -> i64 {
    let mut named = ["index", "tick"].iter();
    named
        .find_map(|name| tick.get(*name)?.as_i64())
        .unwrap_or(0)
}

fn add(json: &mut Value, field: &str, added: i128) {
    let Some(Value::String(text)) = json.get_mut(field) else {
        return;
    };
    if let Some(sum) = text
        .parse::<i128>()
        .ok()
        .and_then(|old| old.checked_add(added))
    {
        *text = sum.to_string();
    }
}
