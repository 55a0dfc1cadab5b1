/* CUDA's driver interface in ordinary memory, as far as mien calls it: so that the real packages
   cuda-bindings and PyCUDA can be driven on a machine without a GPU. Work is done at once, but for
   what is captured into a graph. Whatever is opened is counted until it is closed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
typedef struct { void *target; const void *source; size_t size; } Copy;
typedef struct { int count; Copy copies[64]; } Graph;

static int open_things, contexts, depth, failing;
static Graph *capturing;

int in_memory_open_things(void) { return open_things; }
int in_memory_contexts(void) { return contexts; }
int in_memory_depth(void) { return depth; }
void in_memory_fail(int error) { failing = error; }

static Result opened(void **thing, size_t size) {
    if (failing) return failing;
    if (depth < 1) return 201; /* no context is current */
    *thing = calloc(1, size);
    open_things++;
    return 0;
}
static Result closed(void *thing) {
    free(thing);
    open_things--;
    return 0;
}
static Result copied(void *target, const void *source, size_t size) {
    if (failing) return failing;
    if (depth < 1) return 201;
    if (capturing) capturing->copies[capturing->count++] = (Copy){target, source, size};
    else memcpy(target, source, size);
    return 0;
}

Result cuInit(unsigned flags) { return 0; }
Result cuDriverGetVersion(int *version) { *version = 13020; return 0; }
Result cuDeviceGetCount(int *count) { *count = 1; return 0; }
Result cuDeviceGet(int *device, int ordinal) { *device = 0; return 0; }
Result cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "In memory"); return 0; }
Result cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 8 : attribute == 76 ? 9 : 0;
    return 0;
}
Result cuDeviceComputeCapability(int *major, int *minor, int device) { *major = 8; *minor = 9; return 0; }
Result cuDevicePrimaryCtxRetain(void **context, int device) { *context = &contexts; contexts++; return 0; }
Result cuDevicePrimaryCtxRelease_v2(int device) { contexts--; return 0; }
Result cuCtxPushCurrent_v2(void *context) { depth++; return 0; }
Result cuCtxPopCurrent_v2(void **context) { if (context) *context = &contexts; depth--; return 0; }
Result cuCtxSetCurrent(void *context) { return 0; }
Result cuCtxGetCurrent(void **context) { *context = depth ? &contexts : NULL; return 0; }
Result cuCtxGetDevice(int *device) { *device = 0; return depth ? 0 : 201; }
Result cuCtxSynchronize(void) { return 0; }
Result cuMemHostAlloc(void **memory, size_t size, unsigned flags) { return opened(memory, size); }
Result cuMemAllocHost_v2(void **memory, size_t size) { return opened(memory, size); }
Result cuMemFreeHost(void *memory) { return closed(memory); }
Result cuMemAlloc_v2(void **memory, size_t size) { return opened(memory, size); }
Result cuMemFree_v2(void *memory) { return closed(memory); }
Result cuStreamCreate(void **stream, unsigned flags) { return opened(stream, 8); }
Result cuStreamDestroy_v2(void *stream) { return closed(stream); }
Result cuStreamSynchronize(void *stream) { return failing; }
Result cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return 0; }
Result cuEventCreate(void **event, unsigned flags) { return opened(event, 8); }
Result cuEventDestroy_v2(void *event) { return closed(event); }
Result cuEventRecord(void *event, void *stream) { return 0; }
Result cuEventElapsedTime(float *ms, void *start, void *end) { *ms = 1.5f; return 0; }
Result cuEventElapsedTime_v2(float *ms, void *start, void *end) { *ms = 1.5f; return 0; }
Result cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t size, void *stream) { return copied(to, from, size); }
Result cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t size, void *stream) { return copied(to, from, size); }
Result cuStreamBeginCapture_v2(void *stream, int mode) { capturing = calloc(1, sizeof(Graph)); return 0; }
Result cuStreamEndCapture(void *stream, void **graph) { *graph = capturing; capturing = NULL; open_things++; return 0; }
Result cuGraphDestroy(void *graph) { return closed(graph); }
Result cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
    Result result = opened(executable, sizeof(Graph));
    if (!result) memcpy(*executable, graph, sizeof(Graph));
    return result;
}
Result cuGraphExecDestroy(void *graph) { return closed(graph); }
Result cuGraphLaunch(void *executable, void *stream) {
    Graph *graph = executable;
    for (int i = 0; i < graph->count; i++)
        memcpy(graph->copies[i].target, graph->copies[i].source, graph->copies[i].size);
    return failing;
}
Result cuGetErrorString(Result error, const char **text) { *text = error == 2 ? "out of memory" : "unhappy"; return 0; }
Result cuGetErrorName(Result error, const char **text) { *text = error == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_UNKNOWN"; return 0; }

/* How cuda-bindings finds the functions: the newest version of each. */
Result cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags, int *status) {
    char name[128];
    *function = NULL;
    for (int v = 4; v >= 2 && !*function; v--) {
        snprintf(name, sizeof name, "%s_v%d", symbol, v);
        *function = dlsym(RTLD_DEFAULT, name);
    }
    if (!*function) *function = dlsym(RTLD_DEFAULT, symbol);
    if (status) *status = *function ? 0 : 1;
    return *function ? 0 : 500;
}
Result cuGetProcAddress(const char *symbol, void **function, int version, uint64_t flags) {
    return cuGetProcAddress_v2(symbol, function, version, flags, NULL);
}
