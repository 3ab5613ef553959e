ARG BUILD_BASE
ARG BASE

FROM ${BUILD_BASE} AS build
# So that `coldstart clean --images` finds this stage too.
LABEL coldstart.image=jvm_api
COPY target/Training.java /source/
RUN ["javac", "-Xlint:all", "-Werror", "-d", "/training", "/source/Training.java"]

FROM ${BASE}
# Started on AWS Lambda alone: elsewhere the server is asked as it is.
COPY web-adapter/lambda-adapter /opt/extensions/lambda-adapter
COPY web-adapter/version /opt/web-adapter.version
WORKDIR /function
COPY target/lib lib
COPY target/function.jar .
COPY --from=build /training /training
# What keeps the classes when the server ends, and where.
ARG KEEP
ARG KEPT
RUN java "${KEEP}${KEPT}" -cp "function.jar:lib/*" Api & \
    java -cp /training Training asks 8080 POST /orders '{"id":1,"lines":[{"sku":"tea-07","count":2,"price":74.95}]}' && \
    kill $!; wait $!; \
    test -s "${KEPT}" && rm -r /training
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["java", "-cp", "function.jar:lib/*", "Api"]
