// libfaketime leaves out the condition variables of C11, on which librdkafka waits until a time of
// the clock: without this a clock that is an hour behind makes each of its waits an hour long.
#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  // In glibc they are the same objects.
  const int code =
      pthread_cond_timedwait((pthread_cond_t*)condition, (pthread_mutex_t*)mutex, until);
  if (code == 0) return thrd_success;
  return code == ETIMEDOUT ? thrd_timedout : thrd_error;
}
