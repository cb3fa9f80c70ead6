mod cow_auction;
use cow_auction::*;
use std::time::Instant;
use tradewind_core::pools::Exact;
use tradewind_core::routing::convex::Market;
use tradewind_core::routing::*;
#[test]
fn scratch() {
    let graph = graph();
    println!("pools {}", graph.len());
    let t = Instant::now();
    let market = Market::new(&graph);
    println!("market {:?}", t.elapsed());
    for (a, b, amount, exact) in [
        (WETH, USDC, "1000000000000000000", Exact::In),
        (WETH, USDC, "100000000000000000000", Exact::In),
        (WETH, USDC, "10000000000000000000000", Exact::In),
        (USDC, WETH, "1000000000000", Exact::In),
        (USDC, WBTC, "100000000000", Exact::In),
        (DAI, WBTC, "1000000000000000000000000", Exact::In),
        (WBTC, USDT, "10000000000", Exact::In),
        (WETH, USDC, "100000000000", Exact::Out),
        (DAI, WBTC, "1000000000", Exact::Out),
    ] {
        let request = RouteRequest::new(token(a), token(b), exact, raw(amount));
        let t = Instant::now();
        let flows = market.optimal_flows(&request).unwrap();
        let d = t.elapsed();
        let single = optimize_route(&graph, &request).map(|r| match exact {
            Exact::In => r.amount_out_raw,
            Exact::Out => r.amount_in_raw,
        });
        println!(
            "{:?} bound {} reached {:?} share {} flows {} single {:?}",
            d,
            flows.bound_raw,
            flows.reached_raw,
            flows.share_ppm,
            flows.flows.len(),
            single
        );
    }
}
