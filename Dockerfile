# Iris on Debian 12: build with everything, run with nothing but the libraries.
#
#   docker build -t iris .
#   docker run --network host -v /etc/iris:/etc/iris iris --config /etc/iris/iris.yaml
#
# Host networking, so that the announced addresses are the sockets' own.

FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        build-essential cmake ninja-build pkg-config nodejs npm ca-certificates \
        libuv1-dev libssl-dev libsrtp2-dev libnice-dev libipsec-mb-dev libjansson-dev libjwt-dev \
        libwebsockets-dev libwebsockets-evlib-uv libcyaml-dev libyaml-dev libcmocka-dev
WORKDIR /src
COPY . .
RUN npm ci && npm run build
RUN cmake --preset release -DBUILD_TESTING=OFF -DIRIS_BENCH=OFF -DCMAKE_INSTALL_PREFIX=/usr \
    && cmake --build --preset release \
    && DESTDIR=/out cmake --install build/release

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libuv1 libssl3 libsrtp2-1 libnice10 libipsec-mb1 libjansson4 libjwt0 libwebsockets17 \
        libwebsockets-evlib-uv libcyaml1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/ /
USER nobody
ENTRYPOINT ["/usr/bin/iris"]
HEALTHCHECK CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8081 && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1' <&3"]
