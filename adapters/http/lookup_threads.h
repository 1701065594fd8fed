// A few threads that look up names, so that a name whose server is silent holds up no other. Used by name_lookup only.
//
// They start as they are needed and belong to nobody: a look-up that hangs holds up neither this object's end nor the
// process's; its answer is dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "adapters/http/resolve_name.h"
#include "ports/task.h"

namespace orchestrator::http {

class lookup_threads {
  public:
    using callback = std::move_only_function<void(resolved_name)>;

    // `context` outlives this object.
    lookup_threads(asio::io_context& context, resolve_function resolve, std::size_t most);
    ~lookup_threads();
    lookup_threads(const lookup_threads&) = delete;
    lookup_threads& operator=(const lookup_threads&) = delete;

    // `done` is called later, on the context's thread, with ENOMEM if no thread could be started.
    void look_up(std::string host, std::string port, callback done);

  private:
    struct shared;
    static void work(std::shared_ptr<shared>);

    std::shared_ptr<shared> shared_;
};

}  // namespace orchestrator::http
