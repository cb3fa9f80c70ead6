//! A node of Solana that is fast enough to measure an engine with: accounts from a file, a feed at a stated rate, gaps
//! between two pools now and then, and the time until a transaction that closes one is on the wire.
//!
//! It executes nothing: whatever is sent lands. `python -m benches P8` starts it and says what it found.

mod http;
mod script;
mod websocket;
mod world;

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;

use crate::script::Script;
use crate::world::World;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: loopback_node WORLD UPDATES_PER_S GAPS_PER_S SECONDS FLOOD")?;
    let script = Script::read(&mut arguments)?;
    let world = Arc::new(World::read(std::path::Path::new(&path))?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let rpc = TcpListener::bind("127.0.0.1:0").await?;
        let feed = TcpListener::bind("127.0.0.1:0").await?;
        let urls = json!({
            "rpc": format!("http://{}", rpc.local_addr()?),
            "websocket": format!("ws://{}", feed.local_addr()?),
        });
        tell(&urls);
        tokio::spawn(http::serve(rpc, Arc::clone(&world)));
        tokio::spawn(websocket::serve(feed, Arc::clone(&world)));
        tokio::spawn(script::slots(Arc::clone(&world)));
        tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new()))
            .await??;
        tell(&script.run(&world).await);
        Ok(())
    })
}

fn tell(line: &serde_json::Value) {
    println!("{line}");
    let _closed = std::io::stdout().flush();
}
