// All that is stored, in one object: an adapter implements it whole, so that what belongs together commits together.
// Who needs a part of it asks for that part's interface.
#pragma once

#include "ports/backfill_store.h"
#include "ports/calendar_store.h"
#include "ports/clock_store.h"
#include "ports/event_outbox.h"
#include "ports/execution_store.h"
#include "ports/history_store.h"
#include "ports/leader_store.h"
#include "ports/run_store.h"
#include "ports/schedule_store.h"
#include "ports/service_settings_store.h"
#include "ports/workflow_store.h"

namespace orchestrator {

class stores : public workflow_store,
               public execution_store,
               public run_store,
               public schedule_store,
               public calendar_store,
               public backfill_store,
               public leader_store,
               public service_settings_store,
               public clock_store,
               public history_store,
               public event_outbox {};

}  // namespace orchestrator
