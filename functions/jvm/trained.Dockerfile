ARG BUILD_BASE
ARG BASE

FROM ${BUILD_BASE} AS build
# So that `coldstart clean --images` finds this stage too.
LABEL coldstart.image=jvm
COPY Function.java Training.java /source/
RUN ["javac", "-Xlint:all", "-Werror", "-d", "/classes", "/source/Function.java"]
RUN ["javac", "-Xlint:all", "-Werror", "-d", "/training", "/source/Training.java"]
# Classes of a folder are in no archive.
RUN ["jar", "--create", "--file", "/function.jar", "-C", "/classes", "."]

FROM ${BASE}
WORKDIR /function
COPY --from=build /function.jar function.jar
COPY --from=build /training /training
# What keeps the classes when the function ends, and where.
ARG KEEP
ARG KEPT
RUN java -cp /training Training asked 9001 '{"order":{"id":1,"lines":[{"sku":"tea-07","name":"Grüner Tee","count":2}]},"paid":true,"note":null}' & \
    sleep 2; AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001 java "${KEEP}${KEPT}" -cp function.jar Function; \
    wait $! && test -s "${KEPT}" && rm -r /training
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["java", "-cp", "function.jar", "Function"]
