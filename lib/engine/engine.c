#include "config.h"
#include "engine/engine.h"

#include "engine/engine_driver.h"

void engine_create(struct engine *eng, const struct container_spec *spec,
		   engine_done *done, void *data)
{
	eng->driver->create(eng, spec, done, data);
}

void engine_start(struct engine *eng, const char *name, engine_done *done,
		  void *data)
{
	eng->driver->start(eng, name, done, data);
}

void engine_stop(struct engine *eng, const char *name, int grace_s,
		 engine_done *done, void *data)
{
	eng->driver->stop(eng, name, grace_s, done, data);
}

void engine_remove(struct engine *eng, const char *name, engine_done *done,
		   void *data)
{
	eng->driver->remove(eng, name, done, data);
}

void engine_remove_volume(struct engine *eng, const char *name,
			  engine_done *done, void *data)
{
	eng->driver->remove_volume(eng, name, done, data);
}

void engine_inspect(struct engine *eng, const char *name,
		    engine_state_done *done, void *data)
{
	eng->driver->inspect(eng, name, done, data);
}

void engine_boost(struct engine *eng, const char *name, bool boosted,
		  engine_done *done, void *data)
{
	eng->driver->boost(eng, name, boosted, done, data);
}

void engine_list(struct engine *eng, const char *instance,
		 engine_list_done *done, void *data)
{
	eng->driver->list(eng, instance, done, data);
}

void engine_places(struct engine *eng, const char *instance,
		   engine_places_done *done, void *data)
{
	eng->driver->places(eng, instance, done, data);
}

void engine_image(struct engine *eng, const char *tag, engine_state_done *done,
		  void *data)
{
	eng->driver->image(eng, tag, done, data);
}

struct engine_stream *engine_exec(struct engine *eng, const char *name,
				  const char *const *argv,
				  const struct engine_stream_events *ev,
				  void *data)
{
	return eng->driver->exec(eng, name, argv, ev, data);
}

int engine_stream_write(struct engine_stream *s, const void *bytes, size_t n,
			struct err *e)
{
	return s->driver->write(s, bytes, n, e);
}

size_t engine_stream_unsent(const struct engine_stream *s)
{
	return s->driver->unsent(s);
}

void engine_stream_on_drain(struct engine_stream *s,
			    void (*drained)(void *data))
{
	s->driver->on_drain(s, drained);
}

void engine_stream_pause(struct engine_stream *s)
{
	s->driver->pause(s);
}

void engine_stream_resume(struct engine_stream *s)
{
	s->driver->resume(s);
}

void engine_stream_close(struct engine_stream *s)
{
	s->driver->close(s);
}
