//! The pool against the answers of the on-chain Quoter, recorded at one mainnet block.

use crate::wbtc_weth;
use tradewind_core::pools::uniswap_v3::UniswapV3Pool;
use tradewind_core::pools::{Exact, Pool, PoolError};

#[test]
fn equals_every_quoter_answer_to_the_unit() {
    let pool = wbtc_weth::pool();
    let answers = wbtc_weth::quoter_answers();
    let mut partial = 0;
    for answer in &answers {
        let result = match answer.exact {
            Exact::In => pool.quote_exact_in(
                answer.token,
                wbtc_weth::other(answer.token),
                answer.amount_raw,
            ),
            Exact::Out => pool.quote_exact_out(
                wbtc_weth::other(answer.token),
                answer.token,
                answer.amount_raw,
            ),
        };
        let (amount_in_raw, amount_out_raw) = match result {
            Ok(quote) => (quote.amount_in_raw, quote.amount_out_raw),
            // The Quoter gives what the pool could fill; the pool refuses, and says the same amounts.
            Err(PoolError::InsufficientLiquidity {
                most_in_raw,
                most_out_raw,
                ..
            }) => {
                partial += 1;
                (most_in_raw, most_out_raw)
            }
            Err(error) => panic!("{}: {error}", answer.name),
        };
        let found = match answer.exact {
            Exact::In => amount_out_raw,
            Exact::Out => amount_in_raw,
        };
        assert_eq!(found, answer.value_raw, "{}", answer.name);
    }
    assert_eq!(answers.len(), 80);
    assert!(
        partial > 0 && partial < 20,
        "{partial} of 80 answers are partial fills"
    );
}

#[test]
fn a_pool_made_from_its_own_state_is_the_same_pool() {
    let Pool::UniswapV3(pool) = wbtc_weth::pool() else {
        unreachable!("the file holds a Uniswap V3 pool")
    };
    let again = UniswapV3Pool::new(&pool.state()).unwrap();
    assert_eq!(pool.state(), again.state());
    assert_eq!(pool.state().ticks.len(), 458);
}
