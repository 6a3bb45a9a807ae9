"""The product's endpoint on the bench's database. `python -m bench.ours PORT DATABASE_URL`."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from walkthroughs.database.pool import connect
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.serving.connections import bounded
from walkthroughs.settings import Settings


def main(port: int, url: str) -> None:
    """Serve on 127.0.0.1 until killed."""
    settings = Settings(
        data_dir=Path("var"),
        database_url=url,
        given_secret_key="bench",  # noqa: S106  signs nothing here
        base_url=f"http://localhost:{port}",
    )
    endpoint = build_endpoint(connect(url, pool_size=20), settings)
    app = Starlette(
        routes=endpoint.routes,
        middleware=endpoint.middleware,
        lifespan=lambda _: endpoint.lifespan(),
    )
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        http=bounded(1000),
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,  # as the product's own command
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
