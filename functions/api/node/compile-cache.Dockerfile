ARG BASE
FROM ${BASE}
# Started on AWS Lambda alone: elsewhere the server is asked as it is.
COPY web-adapter/lambda-adapter /opt/extensions/lambda-adapter
COPY web-adapter/version /opt/web-adapter.version
WORKDIR /function
COPY node_modules node_modules
COPY server.js .
COPY compile-cache compile-cache
ENV NODE_ENV=production
ENV NODE_OPTIONS="--require /function/compile-cache/v8-compile-cache.js"
ENV V8_COMPILE_CACHE_CACHE_DIR=/function/compile-cache/kept
# The cache is written when the process ends.
RUN ["node", "-e", "require('./server.js'); setTimeout(() => process.exit(), 500)"]
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["node", "server.js"]
